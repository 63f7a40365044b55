import streamlit as st
st.title("prototypes")
