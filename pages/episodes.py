import streamlit as st
st.title("episodes")
