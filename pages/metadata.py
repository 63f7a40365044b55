import streamlit as st
st.title("metadata")
